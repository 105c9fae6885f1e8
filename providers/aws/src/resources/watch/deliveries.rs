//! Where logs go: deliveries, destinations, subscriptions.

use crate::table::{Phase, Table, op};

const CHANGES: &[Phase] = &[Phase::Create, Phase::Update, Phase::Delete];

fn tagged(table: Table) -> Table {
    table.tag_calls(
        "ListTagsForResource",
        ("TagResource", "UntagResource"),
        "resourceArn",
        "{arn}",
    )
}

pub(super) fn delivery() -> Table {
    tagged(Table::new("aws_cloudwatch_log_delivery", "logs"))
        .create(op("CreateDelivery").at("delivery"))
        .id_out("delivery.id")
        .read(op("GetDelivery").set("id", "{id}").at("delivery"))
        .update(op("UpdateDeliveryConfiguration").set("id", "{id}"))
        .delete(op("DeleteDelivery").set("id", "{id}"))
        .retry(CHANGES, "ConflictException", "", 120)
}

pub(super) fn delivery_source() -> Table {
    tagged(Table::new("aws_cloudwatch_log_delivery_source", "logs"))
        .create(op("PutDeliverySource").at("deliverySource"))
        .id("{name}")
        .import("{name}")
        .read(
            op("GetDeliverySource")
                .set("name", "{name}")
                .at("deliverySource"),
        )
        .delete(op("DeleteDeliverySource").set("name", "{name}"))
        .retry(CHANGES, "ConflictException", "", 120)
}

pub(super) fn delivery_destination() -> Table {
    let put = || op("PutDeliveryDestination").at("deliveryDestination");
    tagged(Table::new(
        "aws_cloudwatch_log_delivery_destination",
        "logs",
    ))
    .create(put())
    .id("{name}")
    .import("{name}")
    .read(
        op("GetDeliveryDestination")
            .set("name", "{name}")
            .at("deliveryDestination"),
    )
    .update(put())
    .delete(op("DeleteDeliveryDestination").set("name", "{name}"))
    .retry(CHANGES, "ConflictException", "", 120)
}

pub(super) fn delivery_destination_policy() -> Table {
    let put = || op("PutDeliveryDestinationPolicy");
    Table::new("aws_cloudwatch_log_delivery_destination_policy", "logs")
        .create(put())
        .id("{delivery_destination_name}")
        .import("{delivery_destination_name}")
        .read(
            op("GetDeliveryDestinationPolicy")
                .set("deliveryDestinationName", "{delivery_destination_name}")
                .at("policy"),
        )
        .update(put())
        .delete(
            op("DeleteDeliveryDestinationPolicy")
                .set("deliveryDestinationName", "{delivery_destination_name}"),
        )
}

pub(super) fn subscription_filter() -> Table {
    let put = || op("PutSubscriptionFilter");
    Table::new("aws_cloudwatch_log_subscription_filter", "logs")
        .names(&[("name", "filterName")])
        .create(put())
        .id("{log_group_name}|{name}")
        .read(
            op("DescribeSubscriptionFilters")
                .set("logGroupName", "{log_group_name}")
                .set("filterNamePrefix", "{name}")
                .at("subscriptionFilters[filterName={name}]"),
        )
        .update(put())
        .delete(
            op("DeleteSubscriptionFilter")
                .set("logGroupName", "{log_group_name}")
                .set("filterName", "{name}"),
        )
        .retry(CHANGES, "OperationAbortedException", "", 300)
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidParameterException",
            "Could not deliver test message to specified",
            300,
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidParameterException",
            "Could not execute the lambda function",
            300,
        )
}

pub(super) fn destination() -> Table {
    let put = || op("PutDestination").except(&["tags"]);
    tagged(Table::new("aws_cloudwatch_log_destination", "logs"))
        .noun("destination")
        .create(put())
        .id("{name}")
        .read(
            op("DescribeDestinations")
                .set("DestinationNamePrefix", "{name}")
                .at("destinations[destinationName={name}]"),
        )
        .update(put())
        .delete(op("DeleteDestination").set("destinationName", "{name}"))
        .not_found(&["ResourceNotFoundException"])
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidParameterException",
            "Could not deliver",
            120,
        )
}

pub(super) fn destination_policy() -> Table {
    let put = || op("PutDestinationPolicy");
    Table::new("aws_cloudwatch_log_destination_policy", "logs")
        .create(put())
        .id("{destination_name}")
        .read(
            op("DescribeDestinations")
                .set("DestinationNamePrefix", "{destination_name}")
                .at("destinations[destinationName={destination_name}]"),
        )
        .gone_when("accessPolicy", &[""])
        .update(put())
}
