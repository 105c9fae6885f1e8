mock_provider "terraform" {}

run "made_up" {
  assert {
    condition     = length(terraform_data.a.id) == 8 && output.remote == null && terraform_data.b[0].id != terraform_data.b[1].id
    error_message = "wrong"
  }
}
