{{- define "crds.metadata" -}}
annotations:
  linkerd.io/created-by: {{ .Values.cliVersion | default (printf "linkerd/helm %s" .Chart.AppVersion) }}
labels:
  helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
  linkerd.io/control-plane-ns: {{ .Release.Namespace }}
{{- end -}}

{{/* A version of a definition: name, whether it is stored, the schema of its spec, and whether it has a status. */}}
{{- define "crds.version" -}}
- name: {{ .name }}
  served: true
  storage: {{ .storage }}
  {{- if .status }}
  subresources:
    status: {}
  {{- end }}
  schema:
    openAPIV3Schema:
      type: object
      required: [spec]
      properties:
        apiVersion: {type: string}
        kind: {type: string}
        metadata: {type: object}
        spec:
          {{- toYaml .spec | nindent 10 }}
        {{- if .status }}
        status:
          type: object
          x-kubernetes-preserve-unknown-fields: true
        {{- end }}
{{- end -}}
