# A first configuration: no cloud and no account needed. It writes a page per site into the folder `out`.

terraform {
  required_providers {
    local = {
      source  = "hashicorp/local"
      version = "~> 2.4"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.5"
    }
  }
}

locals {
  folder = "${path.root}/out/${var.environment}"
}

# A name for this deployment. It stays the same until `keepers` change.
resource "random_pet" "deployment" {
  length = 2

  keepers = {
    environment = var.environment
  }
}

resource "random_password" "admin" {
  length  = 20
  special = false
}

# One module, called once per site.
module "site" {
  source   = "./site"
  for_each = var.sites

  name       = each.key
  title      = each.value.title
  links      = each.value.links
  deployment = random_pet.deployment.id
  folder     = local.folder
}

resource "local_file" "index" {
  filename = "${local.folder}/index.html"
  content = templatefile("${path.module}/templates/index.html.tftpl", {
    environment = var.environment
    deployment  = random_pet.deployment.id
    sites       = { for name, site in module.site : name => site.title }
  })
}

resource "local_sensitive_file" "admin" {
  filename = "${local.folder}/admin.txt"
  content  = "${random_password.admin.result}\n"
}
