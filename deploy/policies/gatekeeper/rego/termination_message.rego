# The end of a failed container's log is its message.
package kigenterminationmessage

violation contains {"msg": msg} if {
	cron_job := input.review.object
	names := [container.name |
		some container in cron_job.spec.jobTemplate.spec.template.spec.containers
		object.get(container, "terminationMessagePolicy", "File") != "FallbackToLogsOnError"
	]
	count(names) > 0
	msg := sprintf(
		"CronJob %s may fail without an error text: set terminationMessagePolicy FallbackToLogsOnError on %s",
		[cron_job.metadata.name, concat(", ", names)],
	)
}
