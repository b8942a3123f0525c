// Package v2 registers the objects of a rendered chart.
package v2

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RegisterResource registers one object under the type token of its API version and kind.
//
// The generated SDK has a typed resource for each kind; the provider only passes on what is returned here.
func RegisterResource(ctx *pulumi.Context, apiVersion, kind, name string, props pulumi.Input,
	opts ...pulumi.ResourceOption,
) (pulumi.CustomResource, error) {
	if apiVersion == "v1" {
		apiVersion = "core/v1"
	}
	var object pulumi.CustomResourceState
	if err := ctx.RegisterResource("kubernetes:"+apiVersion+":"+kind, name, props, &object, opts...); err != nil {
		return nil, err
	}
	return &object, nil
}
