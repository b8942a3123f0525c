{{/* A ServiceAccount: name and component. */}}
{{- define "plane.account" }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "plane.labels" . | nindent 4 }}
{{- end -}}

{{/* A role: name, component, rules (a list), and whether it is of the cluster. */}}
{{- define "plane.role" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .cluster | ternary "ClusterRole" "Role" }}
metadata:
  name: {{ .name }}
  {{- if not .cluster }}
  namespace: {{ .root.Release.Namespace }}
  {{- end }}
  labels:
    {{- include "plane.labels" . | nindent 4 }}
rules:
  {{- toYaml .rules | nindent 2 }}
{{- end -}}

{{/* A binding: name, component, role, account, and whether it is of the cluster. */}}
{{- define "plane.binding" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .cluster | ternary "ClusterRoleBinding" "RoleBinding" }}
metadata:
  name: {{ .name }}
  {{- if not .cluster }}
  namespace: {{ .root.Release.Namespace }}
  {{- end }}
  labels:
    {{- include "plane.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .cluster | ternary "ClusterRole" "Role" }}
  name: {{ .role }}
subjects:
  - {kind: ServiceAccount, name: {{ .account }}, namespace: {{ .root.Release.Namespace }}}
{{- end -}}
