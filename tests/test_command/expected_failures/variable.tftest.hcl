run "plan" {
  command = plan
  variables {
    a = 20
  }
  expect_failures = [var.a]
}

run "apply" {
  variables {
    a = 20
  }
  expect_failures = [var.a]
}

run "skipped" {}
