mock_provider "terraform" {
  source = "./mocks"
  mock_resource "terraform_data" {
    defaults = {
      id = "own"
    }
  }
}

run "apply" {
  assert {
    condition     = output.ids == ["own", "file-b", "file-b"]
    error_message = "wrong"
  }
}
