# A service in AWS: a network, a load balancer, containers without machines, a database, a bucket, a queue, alarms.
#
#     python3 examples/aws-service/run.py
#
# runs it against an emulator. Against an account of AWS: TERRANE_AWS=native, credentials as for every tool of AWS (a profile that may do these things, say
# AWS_PROFILE=trial), `terrane init && terrane apply -var name=…`: names of buckets and databases are yours alone. The database, the load balancer, the NAT
# gateway and the tasks cost money by the hour, some three dollars a day together; `terrane destroy` removes all of it while `keep` is not set.
# Making the database takes AWS some minutes, which is what an apply waits for.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      service = var.name
    }
  }
}
