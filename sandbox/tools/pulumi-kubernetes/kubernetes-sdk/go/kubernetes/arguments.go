// Package kubernetes is the part of Pulumi's generated Go SDK that the Kubernetes provider itself uses: one type.
//
// The whole SDK has 85 packages and costs more processor time to compile than the provider.
package kubernetes

import "reflect"

// UntypedArgs are the properties of a Kubernetes object.
type UntypedArgs map[string]any

// ElementType makes the properties an input of Pulumi's.
func (UntypedArgs) ElementType() reflect.Type {
	return reflect.TypeFor[map[string]any]()
}
