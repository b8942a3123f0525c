{{/* A ServiceAccount: component. */}}
{{- define "viz.account" }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "viz.labels" . | nindent 4 }}
{{- end -}}

{{/* A role: name, component, rules (a list), and namespace where it is not of the cluster. */}}
{{- define "viz.role" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ empty .namespace | ternary "ClusterRole" "Role" }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "viz.labels" . | nindent 4 }}
rules:
  {{- toYaml .rules | nindent 2 }}
{{- end -}}

{{/* A binding to the component's account: name, component, role, and namespace where it is not of the cluster. */}}
{{- define "viz.binding" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ empty .namespace | ternary "ClusterRoleBinding" "RoleBinding" }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "viz.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ empty .namespace | ternary "ClusterRole" "Role" }}
  name: {{ .role | default .name }}
subjects:
  - {kind: ServiceAccount, name: {{ .component }}, namespace: {{ .root.Release.Namespace }}}
{{- end -}}
