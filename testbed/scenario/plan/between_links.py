"""What whoever moves between the mobile node's links is told of them, be it the phone or the system below it."""

from typing import Any

from testbed.lab.network.addresses import bare
from testbed.scenario.experiment.around import networks, trigger_config
from testbed.scenario.experiment.experiment import Experiment


def between_links(experiment: Experiment) -> dict[str, Any]:
    """The links, what is known of them, and the trigger."""
    scenario = experiment.scenario
    return {
        "links": {
            link.name: {"interface": link.node.name, "address": bare(link.node.address)}
            for link in experiment.network.access_links
        },
        "first_link": scenario.first_link,
        "second_link": scenario.second_link,
        "trigger": trigger_config(experiment.setting.trigger, experiment.around, scenario.first_link),
        "networks": networks(scenario, experiment.links),
    }
