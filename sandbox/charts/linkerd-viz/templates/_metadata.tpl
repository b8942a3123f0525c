{{/* Pieces of metadata. Each takes a dict: root (the chart's scope) and component (left out where there is none). */}}

{{- define "viz.labels" -}}
linkerd.io/extension: viz
{{- with .component }}
component: {{ . }}
{{- end }}
{{- end -}}

{{- define "viz.annotations" -}}
linkerd.io/created-by: linkerd/helm {{ .root.Values.linkerdVersion }}
{{- end -}}

{{/* A namespaced object that has a name of its own: name is the third key, namespace a fourth where it is another. */}}
{{- define "viz.metadata" -}}
name: {{ .name }}
namespace: {{ .namespace | default .root.Release.Namespace }}
labels:
  {{- include "viz.labels" . | nindent 2 }}
annotations:
  {{- include "viz.annotations" . | nindent 2 }}
{{- end -}}

{{/* The selector of a component's pods, as different as in the real chart: it cannot be changed later. */}}
{{- define "viz.selector" -}}
{{- if ne .component "tap-injector" }}
linkerd.io/extension: viz
{{- end }}
component: {{ .component }}
{{- if has .component (list "prometheus" "tap" "web") }}
namespace: {{ .root.Release.Namespace }}
{{- end }}
{{- end -}}

{{- define "viz.trustDomain" -}}
{{ .Values.identityTrustDomain | default .Values.clusterDomain }}
{{- end -}}
