run "before" {
  command = plan
  variables {
    a = 2
  }
  expect_failures = [terraform_data.r]
}

run "after" {
  variables {
    a = 3
  }
  expect_failures = [terraform_data.r]
}

run "output" {
  command = plan
  variables {
    a = 4
  }
  expect_failures = [output.o]
}

run "well" {}
