mock_provider "terraform" {
  mock_resource "terraform_data" {
    defaults = {
      id = "plain"
    }
  }
}

mock_provider "terraform" {
  alias = "x"
  mock_resource "terraform_data" {
    override_during = plan
    defaults = {
      id = "aliased"
    }
  }
}

run "all" {
  assert {
    condition     = output.ids == ["plain", "aliased"]
    error_message = "wrong"
  }
}

run "turned" {
  state_key = "turned"
  providers = {
    terraform   = terraform.x
    terraform.x = terraform
  }
  assert {
    condition     = output.ids == ["aliased", "plain"]
    error_message = "wrong"
  }
}

run "none" {
  providers = {
    terraform = terraform.none
  }
}
