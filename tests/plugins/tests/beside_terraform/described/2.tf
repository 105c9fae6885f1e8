terraform {
  required_providers {
    cloud = {
      source  = "acme/cloud"
      version = ">= 1, != 2.5"
    }
  }
}

provider "cloud" {
  region = "here"
  default_tags {
    tags = { By = "us" }
  }
}

provider "cloud" {
  alias  = "far"
  region = "there"
}

data "cloud_net" "default" {
  id = "default"
}

module "one" {
  source  = "acme/net/cloud"
  version = "~> 1.1"

  name = "one"
  subnets = {
    a = { number = 1, access = [{ port = 80 }, { port = 443, from = ["x", "y"] }] }
    c = { number = 2 }
  }
  rules = [{ from = 22 }, { from = "80", to = "91" }]
}

module "two" {
  source  = "acme/net/cloud"
  version = "1.2.0"
  count   = 2
  providers = {
    cloud = cloud.far
  }

  name = "two-${count.index}"
  cidr = "10.${count.index + 2}.0.0/16"
  peer = module.one.id
  tags = { Owner = data.cloud_net.default.cidr }
}

resource "cloud_firewall" "root" {
  count = 10
  name  = "root-${count.index}"
  ingress = [
    { from = 1, to = 2, note = module.one.first_zone }
  ]
}

output "peers" {
  value = module.two[*].id
}

output "one" {
  value = module.one
}

output "zone" {
  value = module.two[0].first_zone == "a" ? 1 : 2
}
