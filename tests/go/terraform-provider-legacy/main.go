// A provider on HashiCorp's SDK version 2 (protocol version 5). Its objects are nowhere but in the state.
package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-cty/cty"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/plugin"
)

func main() {
	plugin.Serve(&plugin.ServeOpts{
		ProviderAddr: "registry.terraform.io/example/legacy",
		ProviderFunc: provider,
	})
}

func provider() *schema.Provider {
	return &schema.Provider{
		Schema: map[string]*schema.Schema{
			"prefix": {Type: schema.TypeString, Optional: true, Default: "p"},
		},
		ConfigureContextFunc: func(_ context.Context, d *schema.ResourceData) (any, diag.Diagnostics) {
			return d.Get("prefix").(string), nil
		},
		ResourcesMap:   map[string]*schema.Resource{"legacy_thing": thing()},
		DataSourcesMap: map[string]*schema.Resource{"legacy_lookup": lookup()},
	}
}

func thing() *schema.Resource {
	rule := &schema.Resource{Schema: map[string]*schema.Schema{
		"port":   {Type: schema.TypeInt, Required: true},
		"source": {Type: schema.TypeString, Optional: true},
		"number": {Type: schema.TypeInt, Computed: true},
	}}
	return &schema.Resource{
		SchemaVersion: 1,
		Schema: map[string]*schema.Schema{
			"name":   {Type: schema.TypeString, Required: true, DiffSuppressFunc: func(_, old, new string, _ *schema.ResourceData) bool { return strings.EqualFold(old, new) }},
			"zone":   {Type: schema.TypeString, Optional: true, Default: "a", ForceNew: true},
			"size":   {Type: schema.TypeInt, Optional: true},
			"weight": {Type: schema.TypeFloat, Optional: true},
			"ready":  {Type: schema.TypeBool, Optional: true},
			"color":  {Type: schema.TypeString, Optional: true, Computed: true},
			"secret": {Type: schema.TypeString, Optional: true, Sensitive: true},
			"key":    {Type: schema.TypeString, Optional: true, WriteOnly: true},
			"tags":   {Type: schema.TypeMap, Optional: true, Elem: &schema.Schema{Type: schema.TypeString}},
			"words":  {Type: schema.TypeList, Optional: true, Elem: &schema.Schema{Type: schema.TypeString}},
			"groups": {Type: schema.TypeSet, Optional: true, Elem: &schema.Schema{Type: schema.TypeString}},
			"rule":   {Type: schema.TypeSet, Optional: true, Elem: rule},
			"step":   {Type: schema.TypeList, Optional: true, Elem: &schema.Resource{Schema: map[string]*schema.Schema{"run": {Type: schema.TypeString, Required: true}, "quiet": {Type: schema.TypeBool, Optional: true}}}},
			"single": {Type: schema.TypeList, Optional: true, MaxItems: 1, Computed: true, Elem: &schema.Resource{Schema: map[string]*schema.Schema{"on": {Type: schema.TypeBool, Optional: true}}}},
			"digest": {Type: schema.TypeString, Computed: true},
		},
		Timeouts: &schema.ResourceTimeout{Create: schema.DefaultTimeout(5 * time.Minute)},
		Importer: &schema.ResourceImporter{StateContext: schema.ImportStatePassthroughContext},
		StateUpgraders: []schema.StateUpgrader{{
			Version: 0,
			Type:    cty.Object(map[string]cty.Type{"id": cty.String, "title": cty.String}),
			Upgrade: func(_ context.Context, raw map[string]any, _ any) (map[string]any, error) {
				raw["name"] = raw["title"]
				delete(raw, "title")
				return raw, nil
			},
		}},
		CustomizeDiff: func(_ context.Context, d *schema.ResourceDiff, _ any) error {
			if d.HasChange("size") {
				return d.SetNewComputed("digest")
			}
			return nil
		},
		CreateContext: func(_ context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
			d.SetId(meta.(string) + "-" + d.Get("name").(string))
			if _, set := d.GetOk("color"); !set {
				d.Set("color", "grey")
			}
			if strings.HasPrefix(d.Get("name").(string), "half") {
				return diag.Errorf("it exists, but not as it should")
			}
			return finish(d)
		},
		ReadContext: func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics { return nil },
		UpdateContext: func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics { return finish(d) },
		DeleteContext: func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics { return nil },
	}
}

func finish(d *schema.ResourceData) diag.Diagnostics {
	d.Set("digest", fmt.Sprintf("%v-%v", d.Get("name"), d.Get("size")))
	return nil
}

func lookup() *schema.Resource {
	return &schema.Resource{
		Schema: map[string]*schema.Schema{
			"name":  {Type: schema.TypeString, Required: true},
			"upper": {Type: schema.TypeString, Computed: true},
		},
		ReadContext: func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
			d.SetId(d.Get("name").(string))
			d.Set("upper", strings.ToUpper(d.Get("name").(string)))
			return nil
		},
	}
}
