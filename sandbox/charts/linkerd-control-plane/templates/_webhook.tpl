{{/*
The certificate and the configuration of a webhook: root, component, name (of Service and Secret), settings, kind,
more (lines of the webhook).

The trap of the real chart is kept: without a certificate in the values one is made at random in every render.
*/}}
{{- define "plane.webhook" }}
{{- $s := .settings }}
{{- if and $s.externalSecret (not $s.caBundle) }}
{{- fail (printf "%s: externalSecret needs caBundle" .key) }}
{{- end }}
{{- $host := printf "%s.%s.svc" .name .root.Release.Namespace }}
{{- $random := genSelfSignedCert $host (list) (list $host) 365 }}
{{- if not $s.externalSecret }}
---
apiVersion: v1
kind: Secret
metadata:
  {{- include "plane.metadata" (merge (dict "name" (printf "%s-k8s-tls" .name)) .) | nindent 2 }}
type: kubernetes.io/tls
data:
  tls.crt: {{ $random.Cert | trim | b64enc }}
  tls.key: {{ $random.Key | trim | b64enc }}
{{- end }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}-webhook-config
  labels:
    {{- include "plane.labels" . | nindent 4 }}
webhooks:
  - name: {{ .name }}.linkerd.io
    admissionReviewVersions: [v1, v1beta1]
    sideEffects: None
    failurePolicy: {{ .root.Values.webhookFailurePolicy }}
    namespaceSelector:
      matchExpressions:
        - {key: config.linkerd.io/admission-webhooks, operator: NotIn, values: [disabled]}
        {{- if eq .key "proxyInjector" }}
        - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, cert-manager]}
        {{- end }}
    clientConfig:
      service: {name: {{ .name }}, namespace: {{ .root.Release.Namespace }}, path: /}
      caBundle: {{ $s.caBundle | default $random.Cert | trim | b64enc }}
    {{- .more | nindent 4 }}
{{- end -}}
