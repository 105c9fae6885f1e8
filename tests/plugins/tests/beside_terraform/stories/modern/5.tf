terraform {
  required_providers {
    modern = {
      source = "example/modern"
    }
  }
}

resource "modern_thing" "half" {
  name = "whole"
}
