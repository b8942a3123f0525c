{{/* Pieces of metadata. Each takes a dict: root (the chart's scope) and component. */}}

{{- define "plane.labels" -}}
linkerd.io/control-plane-component: {{ .component }}
linkerd.io/control-plane-ns: {{ .root.Release.Namespace }}
{{- end -}}

{{- define "plane.annotations" -}}
linkerd.io/created-by: linkerd/helm {{ .root.Values.linkerdVersion }}
{{- end -}}

{{/* A namespaced object that has a name of its own: name is the third key. */}}
{{- define "plane.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "plane.labels" . | nindent 2 }}
annotations:
  {{- include "plane.annotations" . | nindent 2 }}
{{- end -}}

{{/* The pods of a component: the selector of the proxy injector is the shortest, and cannot be changed later. */}}
{{- define "plane.selector" -}}
linkerd.io/control-plane-component: {{ .component }}
{{- if ne .component "proxy-injector" }}
linkerd.io/control-plane-ns: {{ .root.Release.Namespace }}
linkerd.io/proxy-deployment: linkerd-{{ .component }}
{{- end }}
{{- end -}}

{{- define "plane.trustDomain" -}}
{{ .root.Values.identityTrustDomain | default .root.Values.clusterDomain }}
{{- end -}}
