run "before_apply" {
  variables {
    a = 2
  }
  expect_failures = [terraform_data.r, output.o]
}
