mock_provider "terraform" {
  override_during = plan
  mock_resource "terraform_data" {
    defaults = {
      id = "mocked"
    }
  }
  override_resource {
    target = terraform_data.b[1]
    values = {
      id = "second"
    }
  }
}

run "plan" {
  command = plan
  assert {
    condition     = output.ids == ["mocked", "mocked", "second"]
    error_message = "wrong"
  }
}

run "not_yet" {
  command = plan
  override_resource {
    target          = terraform_data.a
    override_during = apply
    values = {
      id = "late"
    }
  }
  assert {
    condition     = terraform_data.a.id == "late"
    error_message = "wrong"
  }
}
