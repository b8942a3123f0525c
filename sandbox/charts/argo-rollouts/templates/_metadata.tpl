{{/* Pieces of metadata; each takes the chart's scope. */}}

{{- define "rollouts.selector" -}}
app.kubernetes.io/component: rollouts-controller
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/name: argo-rollouts
{{- end -}}

{{- define "rollouts.labels" -}}
{{ include "rollouts.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: argo-rollouts
app.kubernetes.io/version: {{ .Values.controller.image.tag | default .Chart.AppVersion }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* A namespaced object: root and name. */}}
{{- define "rollouts.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "rollouts.labels" .root | nindent 2 }}
{{- end -}}
