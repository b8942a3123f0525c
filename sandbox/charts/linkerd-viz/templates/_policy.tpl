{{/* A Server and who may call it: component, name, policy (its policy's name), port, protocol, who (a list of references). */}}
{{- define "viz.policy" }}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata:
  {{- include "viz.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels: {linkerd.io/extension: viz, component: {{ .component }}}
  port: {{ .port }}
  proxyProtocol: {{ .protocol }}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata:
  {{- include "viz.metadata" (merge (dict "name" .policy) .) | nindent 2 }}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: {{ .name }}}
  requiredAuthenticationRefs:
    {{- toYaml .who | nindent 4 }}
{{- end -}}

{{/* Everybody's address: of the API server and of kubelets nothing better is known. */}}
{{- define "viz.anywhere" }}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: NetworkAuthentication
metadata:
  {{- include "viz.metadata" . | nindent 2 }}
spec:
  networks:
    - cidr: 0.0.0.0/0
    - cidr: "::/0"
{{- end -}}
