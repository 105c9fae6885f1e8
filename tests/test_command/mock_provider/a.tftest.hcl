mock_provider "terraform" {
  mock_resource "terraform_data" {
    defaults = {
      id = "mocked"
    }
  }
  mock_data "terraform_remote_state" {
    defaults = {
      outputs = { z = 1 }
    }
  }
}

run "plan" {
  command = plan
  assert {
    condition     = terraform_data.a.input == "in" && output.remote.z == 1
    error_message = "wrong"
  }
}

run "apply" {
  assert {
    condition     = output.ids == ["mocked", "mocked", "mocked"] && terraform_data.a.output == null && output.child.id == "mocked"
    error_message = "wrong"
  }
}

run "again" {
  variables {
    n = "changed"
  }
  assert {
    condition     = terraform_data.a.input == "changed" && terraform_data.a.id == "mocked"
    error_message = "wrong"
  }
}
