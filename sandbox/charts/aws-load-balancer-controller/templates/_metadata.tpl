{{/* Pieces of metadata; each takes the chart's scope. */}}

{{- define "lbc.account" -}}
{{ .Values.serviceAccount.name | default .Release.Name }}
{{- end -}}

{{- define "lbc.selector" -}}
app.kubernetes.io/name: aws-load-balancer-controller
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lbc.labels" -}}
{{ include "lbc.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* An object in no namespace: root and name. */}}
{{- define "lbc.clusterMetadata" -}}
name: {{ .name }}
labels:
  {{- include "lbc.labels" .root | nindent 2 }}
{{- end -}}

{{/* A namespaced object: root and name. */}}
{{- define "lbc.metadata" -}}
namespace: {{ .root.Release.Namespace }}
{{ include "lbc.clusterMetadata" . }}
{{- end -}}
