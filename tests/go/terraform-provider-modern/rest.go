package main

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type lookup struct{}

func (d *lookup) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "modern_lookup"
}

func (d *lookup) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataschema.Schema{Attributes: map[string]dataschema.Attribute{
		"name":  dataschema.StringAttribute{Required: true},
		"upper": dataschema.StringAttribute{Computed: true},
	}}
}

func (d *lookup) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var name types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("upper"), strings.ToUpper(name.ValueString()))...)
}

type token struct{}

var _ ephemeral.EphemeralResourceWithClose = &token{}
var _ ephemeral.EphemeralResourceWithRenew = &token{}

func (e *token) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "modern_token"
}

func (e *token) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{Attributes: map[string]ephemeralschema.Attribute{
		"length": ephemeralschema.Int64Attribute{Required: true},
		"value":  ephemeralschema.StringAttribute{Computed: true},
	}}
}

func (e *token) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var length types.Int64
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("length"), &length)...)
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("length"), length)...)
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("value"), strings.Repeat("x", int(length.ValueInt64())))...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, "open", []byte(`true`))...)
	resp.RenewAt = time.Now().Add(time.Hour)
}

func (e *token) Renew(context.Context, ephemeral.RenewRequest, *ephemeral.RenewResponse) {}

func (e *token) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	if open, _ := req.Private.GetKey(ctx, "open"); string(open) != "true" {
		resp.Diagnostics.AddError("Not open", "What is to be closed was not opened.")
	}
}

type join struct{}

func (f *join) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "join"
}

func (f *join) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:           "Joins words.",
		Parameters:        []function.Parameter{function.StringParameter{Name: "with"}},
		VariadicParameter: function.StringParameter{Name: "words"},
		Return:            function.StringReturn{},
	}
}

func (f *join) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var with string
	var words []string
	resp.Error = function.ConcatFuncErrors(req.Arguments.Get(ctx, &with, &words))
	if resp.Error == nil && len(words) == 0 {
		resp.Error = function.NewArgumentFuncError(1, "there is no word")
	}
	if resp.Error == nil {
		resp.Error = resp.Result.Set(ctx, strings.Join(words, with))
	}
}
