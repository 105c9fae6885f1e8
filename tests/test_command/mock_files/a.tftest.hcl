mock_provider "terraform" {
  source = "./mocks"
}

run "apply" {
  assert {
    condition     = output.ids == ["file", "file-b", "file-b"]
    error_message = "wrong"
  }
}
