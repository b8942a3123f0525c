{{/* The prefix of most names: the release, with the chart's short name where the release does not say it. */}}
{{- define "argo.fullname" -}}
{{- contains .Values.nameOverride .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Values.nameOverride) -}}
{{- end -}}

{{/* What pods are found by: root, and part such as `server`. */}}
{{- define "argo.selector" -}}
app.kubernetes.io/name: {{ .root.Values.nameOverride }}-{{ .part }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "argo.labels" -}}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{ include "argo.selector" . }}
app.kubernetes.io/component: {{ .part }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: argocd
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{- end -}}

{{/* Metadata: root, part, name (that of the part if left out), and whether it is of the cluster. */}}
{{- define "argo.metadata" -}}
name: {{ .name | default (printf "%s-%s" (include "argo.fullname" .root) .part) }}
{{- if not .cluster }}
namespace: {{ .root.Release.Namespace }}
{{- end }}
labels:
  {{- include "argo.labels" . | nindent 2 }}
{{- end -}}

{{/* The account of a part: that of the repo server alone carries the release's name. */}}
{{- define "argo.account" -}}
{{- $prefix := eq .part "repo-server" | ternary (include "argo.fullname" .root) .root.Values.nameOverride -}}
{{ $prefix }}-{{ .part }}
{{- end -}}
