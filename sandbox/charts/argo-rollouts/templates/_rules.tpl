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
  (list "" (list "configmaps") (concat $read (.Values.providerRBAC.providers.gatewayAPI | ternary (list "create" "update") (list))))
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
{{- if .Values.providerRBAC.enabled }}
{{- range $router, $granted := .Values.providerRBAC.providers }}
{{- if $granted }}
- apiGroups: [{{ eq $router "gatewayAPI" | ternary "gateway.networking.k8s.io" (printf "%s.routers.example.com" $router | lower) }}]
  resources: [{{ eq $router "gatewayAPI" | ternary "httproutes" "routes" }}]
  verbs: {{ append $read "update" | toJson }}
{{- end }}
{{- end }}
{{- with .Values.providerRBAC.additionalRules }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end -}}
