package main

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type thing struct{ prefix string }

var _ resource.ResourceWithImportState = &thing{}
var _ resource.ResourceWithUpgradeState = &thing{}
var _ resource.ResourceWithIdentity = &thing{}

type model struct {
	ID       types.String `tfsdk:"id"`
	Name     types.String `tfsdk:"name"`
	Zone     types.String `tfsdk:"zone"`
	Size     types.Int64  `tfsdk:"size"`
	Note     types.String `tfsdk:"note"`
	Secret   types.String `tfsdk:"secret"`
	Version  types.Int64  `tfsdk:"secret_version"`
	Revision types.Int64  `tfsdk:"revision"`
	Tags     types.Map    `tfsdk:"tags"`
	Any      types.Dynamic `tfsdk:"any"`
	Disk     types.Object `tfsdk:"disk"`
	Ports    types.List   `tfsdk:"ports"`
	Users    types.Set    `tfsdk:"users"`
	Labels   types.Map    `tfsdk:"labels"`
	Rule     types.Set    `tfsdk:"rule"`
	Step     types.List   `tfsdk:"step"`
	Timeouts types.Object `tfsdk:"timeouts"`
}

func (r *thing) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "modern_thing"
}

func (r *thing) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Version: 1,
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"name":           schema.StringAttribute{Required: true},
			"zone":           schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("a"), PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"size":           schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(3)},
			"note":           schema.StringAttribute{Optional: true, Sensitive: true},
			"secret":         schema.StringAttribute{Optional: true, WriteOnly: true},
			"secret_version": schema.Int64Attribute{Optional: true},
			"revision":       schema.Int64Attribute{Computed: true},
			"tags":           schema.MapAttribute{Optional: true, ElementType: types.StringType},
			"any":            schema.DynamicAttribute{Optional: true},
			"disk": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
				"size": schema.Int64Attribute{Required: true},
				"fast": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false)},
			}},
			"ports": schema.ListNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"number": schema.Int64Attribute{Required: true},
				"name":   schema.StringAttribute{Optional: true},
			}}},
			"users": schema.SetNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name":  schema.StringAttribute{Required: true},
				"admin": schema.BoolAttribute{Optional: true},
			}}},
			"labels": schema.MapNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"text": schema.StringAttribute{Required: true},
			}}},
		},
		Blocks: map[string]schema.Block{
			"rule": schema.SetNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"port":   schema.Int64Attribute{Required: true},
				"source": schema.StringAttribute{Optional: true},
			}}},
			"step": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"run": schema.StringAttribute{Required: true},
			}}},
			"timeouts": schema.SingleNestedBlock{Attributes: map[string]schema.Attribute{
				"create": schema.StringAttribute{Optional: true},
			}},
		},
	}
}

func (r *thing) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{RequiredForImport: true},
	}}
}

func (r *thing) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if prefix, ok := req.ProviderData.(string); ok {
		r.prefix = prefix
	}
}

func (r *thing) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	var secret types.String
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("secret"), &secret)...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.ID = types.StringValue(r.prefix + "thing-" + plan.Name.ValueString())
	plan.Revision = types.Int64Value(1 + int64(len(secret.ValueString())))
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, "born", []byte(`{"as":"`+plan.Name.ValueString()+`"}`))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), plan.ID)...)
	if strings.HasPrefix(plan.Name.ValueString(), "warn") {
		resp.Diagnostics.AddAttributeWarning(path.Root("name"), "Odd name", "The name begins with warn.")
	}
	if strings.HasPrefix(plan.Name.ValueString(), "half") {
		resp.Diagnostics.AddError("Half made", "It exists, but not as it should.")
	}
}

func (r *thing) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	born, diags := req.Private.GetKey(ctx, "born")
	resp.Diagnostics.Append(diags...)
	var id types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	if len(born) == 0 && !strings.Contains(id.ValueString(), "imported") {
		resp.Diagnostics.AddError("Private state lost", "The private state of "+id.ValueString()+" was lost.")
	}
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), id)...)
}

func (r *thing) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	plan.Revision = types.Int64Value(state.Revision.ValueInt64() + 1)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, "born", []byte(`{"as":"updated"}`))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), plan.ID)...)
}

func (r *thing) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (r *thing) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("id"), path.Root("id"), req, resp)
	var id types.String
	resp.State.GetAttribute(ctx, path.Root("id"), &id)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), strings.TrimPrefix(id.ValueString(), "imported-"))...)
}

// Version 0 had the size as a text.
func (r *thing) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {
		StateUpgrader: func(ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
			resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), "upgraded-imported")...)
			resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), "upgraded")...)
			resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("size"), int64(len(req.RawState.JSON)))...)
		},
	}}
}

// heir takes over things.
type heir struct{}

var _ resource.ResourceWithMoveState = &heir{}

func (r *heir) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "modern_heir"
}

func (r *heir) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":   schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
		"name": schema.StringAttribute{Required: true},
	}}
}

func (r *heir) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), "heir")...)
}
func (r *heir) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}
func (r *heir) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
}
func (r *heir) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (r *heir) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{
		StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
			if req.SourceTypeName != "modern_thing" {
				return
			}
			resp.Diagnostics.Append(resp.TargetState.SetAttribute(ctx, path.Root("id"), "moved")...)
			resp.Diagnostics.Append(resp.TargetState.SetAttribute(ctx, path.Root("name"), "one")...)
		},
	}}
}

var _ attr.Value = types.StringNull()
