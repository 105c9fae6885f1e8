mock_provider "terraform" {
  mock_resource "terraform_data" {
    defaults = {
      id = "at once"
    }
  }
}

run "plan" {
  command = plan
  assert {
    condition     = terraform_data.a.id == "at once"
    error_message = "wrong"
  }
}
