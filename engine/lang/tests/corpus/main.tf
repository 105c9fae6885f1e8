# Everything that a configuration file may hold, in one.
terraform {
  required_version = ">= 1.5" // comment
  required_providers {
    null = { source = "hashicorp/null", version = "~> 3.0" }
  }
}

/* block
comment */
variable "names" {
  type    = map(object({ size = optional(number, 1), tags = list(string) }))
  default = {}
  validation {
    condition     = alltrue([for k, v in var.names : v.size > 0 && length(k) < 10])
    error_message = "Sizes must be positive, got ${jsonencode(var.names)}."
  }
}

locals {
  flat = merge([for k, v in var.names : { for t in v.tags : "${k}/${t}" => v.size }]...)
  text = <<-EOT
    Hello ${var.who}!
      %{~ for k, v in local.flat }
      ${k} = ${v}
      %{~ endfor }
    EOT
  cond = var.a != null ? var.a[0].b : (
    var.c ? "x" : "y"
  )
}

resource null_resource "all" {
  for_each   = local.flat
  depends_on = [module.m, data.local_file.f["x"].id]
  triggers = {
    key         = each.key
    "quoted"    = each.value
    (var.name)  = "computed"
    nested      = { list = [1, 2, 3], none = null }
  }
  lifecycle { create_before_destroy = true }
  dynamic "setting" {
    for_each = var.settings
    content {
      name  = setting.value["name"]
      value = setting.value.*.value[0]
    }
  }
  provisioner "local-exec" {
    command = "echo ${self.id} > \"$${HOME}/x\""
  }
}
empty {}
one_line { a = [] }
