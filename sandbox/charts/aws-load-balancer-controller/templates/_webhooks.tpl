{{/* One webhook: root, name, path, group, version, resource, and optionally failurePolicy, operations, label,
     excluded, wanted, and unlimited, with which the real chart leaves both selectors empty. */}}
{{- define "lbc.webhook" -}}
- name: {{ .name }}
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: {{ .failurePolicy | default "Fail" }}
  clientConfig:
    caBundle: {{ .tls.ca }}
    service:
      name: aws-load-balancer-webhook-service
      namespace: {{ .root.Release.Namespace }}
      path: {{ .path }}
  {{- with .label }}
  namespaceSelector:
    matchExpressions:
      - {key: {{ . }}, operator: In, values: [enabled]}
  {{- end }}
  {{- if .excluded }}
  objectSelector:
    matchExpressions:
      - {key: app.kubernetes.io/name, operator: NotIn, values: [aws-load-balancer-controller]}
      {{- with .wanted }}
      - {key: {{ . }}, operator: In, values: ["true"]}
      {{- end }}
  {{- end }}
  {{- if .unlimited }}
  matchPolicy: Equivalent
  objectSelector:
  namespaceSelector:
  {{- end }}
  rules:
    - apiGroups: [{{ .group | quote }}]
      apiVersions: [{{ .version }}]
      operations: {{ .operations | default (list "CREATE" "UPDATE") | toJson }}
      resources: [{{ .resource }}]
{{- end -}}
{{/* The webhooks' certificates in base64: those of the values, or new ones in every render, as in the real chart. */}}
{{- define "lbc.certificates" -}}
{{- $given := .Values.webhookTLS }}
{{- if and $given.caCert $given.cert $given.key }}
ca: {{ b64enc $given.caCert }}
certificate: {{ b64enc $given.cert }}
key: {{ b64enc $given.key }}
{{- else }}
{{- $host := printf "aws-load-balancer-webhook-service.%s.svc" .Release.Namespace }}
{{- $authority := genCA "aws-load-balancer-controller-ca" 3650 }}
{{- $leaf := genSignedCert $host nil (list $host) 3650 $authority }}
ca: {{ b64enc $authority.Cert }}
certificate: {{ b64enc $leaf.Cert }}
key: {{ b64enc $leaf.Key }}
{{- end }}
{{- end -}}
