# A run that hangs is ended, or noticed.
package kigendeadline

violation contains {"msg": msg} if {
	cron_job := input.review.object
	job := cron_job.spec.jobTemplate.spec
	not job.activeDeadlineSeconds
	not job.template.spec.activeDeadlineSeconds
	not cron_job.metadata.annotations["kigen.dev/complete-by"]
	msg := sprintf(
		"CronJob %s may hang unnoticed: give its Job activeDeadlineSeconds, or the CronJob a deadline by kigen.dev/complete-by",
		[cron_job.metadata.name],
	)
}
