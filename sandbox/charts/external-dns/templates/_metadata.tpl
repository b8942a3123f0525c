{{/* Pieces of metadata; each takes the chart's scope. */}}

{{- define "dns.account" -}}
{{ .Values.serviceAccount.name | default .Release.Name }}
{{- end -}}

{{- define "dns.selector" -}}
app.kubernetes.io/name: external-dns
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* An object in no namespace: root and name. */}}
{{- define "dns.clusterMetadata" -}}
name: {{ .name }}
labels:
  {{- include "dns.selector" .root | nindent 2 }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{/* A namespaced object: root and name. */}}
{{- define "dns.metadata" -}}
namespace: {{ .root.Release.Namespace }}
{{ include "dns.clusterMetadata" . }}
{{- end -}}
