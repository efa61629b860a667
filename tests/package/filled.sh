# SPDX-License-Identifier: BSD-2-Clause
#
# A database after some weeks: mails, reports of every kind, what people did about them, and mails
# that wait to be sent. It calls only what every version since the first package knows. The demo's
# mails are in $mails, the samples of the tests in $samples.
# shellcheck shell=sh disable=SC2154

# register PROCESS REFERENCE ADDRESS...
register() {
	process=$1 reference=$2
	shift 2
	sql "SELECT bounce.register_communication(process => '$process',
			business_ref => '$reference', recipients => string_to_array('$*', ' '),
			sender => 'billing@example.org', subject => 'Your invoice',
			status => 'sent')" >/dev/null
}

# intake FROM TO [MBOX]
intake() { sudo -u bouncemilter bouncectl intake --from "$1" --to "$2" ${3+"$3"}; }

# report TEMPLATE REFERENCE [FROM [TO]]: what came back of that mail.
report() {
	sql "SELECT format('s|{{%s}}|%s|g', k.name, k.value)
		FROM (SELECT c.message_id, array_agg(r.address ORDER BY r.id) AS address,
				min(bounce.return_path(r.id)) AS path
			FROM bounce.communication AS c
			JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
			WHERE c.business_ref = '$2' GROUP BY c.id) AS m,
			LATERAL (VALUES ('message_id', m.message_id), ('return_path', m.path),
				('recipient', m.address[1]), ('second', m.address[2]),
				('third', m.address[3]), ('sender', 'billing@example.org'),
				('subject', 'Your invoice'), ('report_id', '$1-$2'),
				('date', 'Sat, 21 Nov 2026 09:00:00 +0000')) AS k (name, value)
		WHERE k.value IS NOT NULL" >/tmp/words
	path=$(sed -n 's/^s|{{return_path}}|\(.*\)|g$/\1/p' /tmp/words)
	sed -f /tmp/words "$mails/$1.eml" | intake "${3-}" "${4:-$path}"
}

fill() {
	sql "INSERT INTO bounce.process (name, description)
		SELECT unnest('{invoice,receipt,newsletter}'::text[]), '' ON CONFLICT DO NOTHING"
	for row in invoice:postfix-user-unknown invoice:exchange-mailbox-full invoice:exim-prose \
		receipt:qmail-prose receipt:postfix-delay receipt:sendmail-success \
		receipt:out-of-office newsletter:exchange-spam-refused newsletter:exim-too-big \
		newsletter:read-receipt newsletter:complaint newsletter:nobody-can-tell \
		newsletter:address-only; do
		template=${row#*:} from='' to=''
		register "${row%:*}" "$template" "$template@customer.example"
		case $template in
		out-of-office | read-receipt | nobody-can-tell) from=$template@customer.example ;;
		exim-prose | address-only) to=bounces@bounces.example.org ;;
		esac
		report "$template" "$template" "$from" "$to" || return
	done
	register invoice several clara@office.example dora@office.example emil@office.example
	report sendmail-several-one-failed several || return
	# the same again
	report postfix-user-unknown postfix-user-unknown || return
	for sample in "$samples"/*.eml; do
		echo 'From MAILER-DAEMON Sat Nov 21 09:00:00 2026'
		sed 's/^From />&/' "$sample"
		echo
	done >/tmp/samples.mbox
	intake '' bounces@bounces.example.org /tmp/samples.mbox || return

	# what people do
	bouncectl_as_admin unblock qmail-prose@customer.example --why 'is back' || return
	bouncectl_as_admin block by-hand@customer.example --why 'asked for it' || return
	bouncectl_as_admin params set resend_max_attempts 4 || return
	bouncectl_as_admin task note "$(task_of exim-prose)" 'called the customer' || return
	bouncectl_as_admin task assign "$(task_of exim-prose)" --to Eva || return
	bouncectl_as_admin task resolve "$(task_of postfix-user-unknown)" --dead --yes || return
	bouncectl_as_admin recipient change "$(id_of several)" emil@office.example \
		--to emilie@office.example --why 'married' || return

	# what waits
	for who in waiting held cancelled; do
		sql "SELECT bounce.submit_communication(process => 'invoice',
			business_ref => '$who', recipients => '{Somebody <$who@customer.example>}',
			sender => 'Billing <billing@example.org>',
			subject => 'Your invoice', body_text => 'Please find ...')" || return
	done
	bouncectl_as_admin queue hold "$(id_of held)" || return
	bouncectl_as_admin queue cancel "$(id_of cancelled)" --yes || return
}

bouncectl_as_admin() { sudo -u postgres bouncectl "$@"; }
id_of() { sql "SELECT id FROM bounce.communication WHERE business_ref = '$1'"; }

task_of() {
	sql "SELECT id FROM bounce.task
		WHERE address = '$1@customer.example' ORDER BY id LIMIT 1"
}
