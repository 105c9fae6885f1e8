run "a" {
  command = destroy
}
run "a" {}
run "b c" {}
variables {}
variables {}
something {}
run "d" {
  module {}
  plan_options {
    mode    = refresh-only
    refresh = false
  }
  override_resource {
    target = data.x.y
  }
  override_data {
    target = terraform_data.a
  }
  override_module {
    target  = module.m
    outputs = 3
  }
  override_module {}
  override_resource {
    target = terraform_data.a
  }
  override_resource {
    target          = terraform_data.a
    override_during = never
  }
  assert {
    condition = true
  }
}
mock_provider "terraform" {
  mock_resource "terraform_data" {
  }
  mock_data "x" {}
  mock_data "x" {}
  version = 1
}
provider "terraform" {}
