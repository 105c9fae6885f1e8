# A release moves through stages. Shows what happens to objects over time: replacement in either order, renaming without loss,
# forgetting, and commands that run beside it.

terraform {
  required_providers {
    local = {
      source = "hashicorp/local"
    }
    null = {
      source = "hashicorp/null"
    }
  }
}

variable "release" {
  description = "The version to bring out. Change it and apply again to see the replacements."
  type        = string
  default     = "1.0.0"

  validation {
    condition     = can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+$", var.release))
    error_message = "A release is three numbers: 1.2.3."
  }
}

variable "stages" {
  description = "The stages, in order."
  type        = list(string)
  default     = ["canary", "half", "all"]
}

locals {
  folder = "${path.root}/out"
  log    = "${local.folder}/train.log"
}

# The artefact of a release is made before the old one goes away, so that there always is one.
resource "terraform_data" "artefact" {
  triggers_replace = var.release
  input            = "artefact-${var.release}"

  lifecycle {
    create_before_destroy = true
  }

  provisioner "local-exec" {
    command = "mkdir -p ${local.folder} && echo built ${self.input} >> ${local.log}"
  }

  # When the artefact goes for good. Where its successor is made first, it does not go: it is replaced.
  provisioner "local-exec" {
    when       = destroy
    on_failure = continue
    command    = "echo removed ${self.output} >> out/train.log"
  }
}

module "stage" {
  source   = "./modules/stage"
  for_each = { for index, name in var.stages : name => index }

  name     = each.key
  position = each.value
  artefact = terraform_data.artefact.output
}

# Whatever replaces the artefact replaces the announcement, although none of its own arguments changes.
resource "terraform_data" "announcement" {
  input = "The train has ${length(var.stages)} stages."

  lifecycle {
    replace_triggered_by = [terraform_data.artefact]
  }
}

resource "local_file" "notes" {
  filename = "${local.folder}/notes-${var.release}.md"
  content  = <<-EOT
    # Release ${var.release}

    %{for name, stage in module.stage~}
    - ${name}: ${stage.state}
    %{endfor~}
  EOT
}

# It was called `build` once. Who applied that version keeps the object.
moved {
  from = terraform_data.build
  to   = terraform_data.artefact
}

# It was managed here once and is somebody else's now: forgotten, not destroyed.
removed {
  from = null_resource.old_announcer

  lifecycle {
    destroy = false
  }
}

output "release" {
  value = var.release
}

output "stages" {
  value = { for name, stage in module.stage : name => stage.state }
}
