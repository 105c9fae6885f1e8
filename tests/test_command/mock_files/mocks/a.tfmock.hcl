mock_resource "terraform_data" {
  defaults = {
    id = "file"
  }
}
override_resource {
  target = terraform_data.b
  values = {
    id = "file-b"
  }
}
