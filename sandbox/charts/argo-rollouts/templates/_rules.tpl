{{/* What the controller may do, a line a kind of object: groups, resources, verbs. */}}
{{- define "rollouts.rules" -}}
{{- $read := list "get" "list" "watch" }}
{{- $write := concat $read (list "update" "patch") }}
{{- $own := concat $write (list "create" "delete") }}
{{- $rows := list
  (list "argoproj.io" (list "rollouts" "rollouts/status" "rollouts/finalizers") $write)
  (list "argoproj.io" (list "analysisruns" "analysisruns/finalizers" "experiments" "experiments/finalizers") $own)
  (list "argoproj.io" (list "analysistemplates" "clusteranalysistemplates") $read)
  (list "apps" (list "replicasets") $own)
  (list "apps" (list "deployments" "podtemplates") (append $read "update"))
  (list "" (list "services") (concat $read (list "patch" "create" "delete")))
  (list "coordination.k8s.io" (list "leases") (list "create" "get" "update"))
  (list "" (list "secrets") $read)
  (list "" (list "configmaps") $read)
  (list "" (list "pods") (list "list" "update" "watch"))
  (list "" (list "pods/eviction") (list "create"))
  (list "" (list "events") (list "create" "update" "patch"))
  (list "networking.k8s.io" (list "ingresses") (append $write "create"))
  (list "batch" (list "jobs") $own)
}}
{{- range $rows }}
- apiGroups: [{{ index . 0 | quote }}]
  resources: {{ index . 1 | toJson }}
  verbs: {{ index . 2 | toJson }}
{{- end }}
{{- with .Values.providerRBAC.additionalRules }}
{{ toYaml . }}
{{- end }}
{{- end -}}
