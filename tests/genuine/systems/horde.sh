# Horde's library, as its webmail uses it for read receipts: SPDX-License-Identifier: BSD-2-Clause
# packages: php-cli php-mbstring php-xml php-horde-autoloader php-horde-mime php-horde-mail
# php-horde-smtp

cat > "$WORK/receipt.php" <<'C'
<?php
// usage: receipt.php TOKEN-ADDRESS ACTION-MODE SENDING-MODE TYPE
error_reporting(E_ALL & ~E_DEPRECATED & ~E_STRICT);
require_once 'Horde/Autoloader/Default.php';
list(, $to, $action, $sending, $type) = $argv;
$headers = Horde_Mime_Headers::parseHeaders(
	"Return-Path: <$to>\r\nFrom: Example Billing <billing@example.org>\r\nTo: anna@example.org\r\n" .
	"Date: " . date('r') . "\r\nSubject: Your invoice 4711\r\nMessage-ID: <4711.inv@app.example.org>\r\n" .
	"X-Communication-ID: 4711\r\nDisposition-Notification-To: $to\r\n\r\n");
$transport = new Horde_Mail_Transport_Smtphorde(array('host' => '192.0.2.9', 'port' => 25, 'secure' => false));
$mdn = new Horde_Mime_Mdn($headers);
$mdn->generate($action === 'manual', $sending === 'manual', $type, 'webmail.example.org', $transport,
	array('charset' => 'UTF-8', 'from_addr' => 'anna@example.org'));
C
for case in 'receipt-displayed manual manual displayed' 'receipt-automatic automatic automatic displayed' \
	'receipt-deleted manual manual deleted'; do
	set -- $case
	php "$WORK/receipt.php" "$(collector "$1")" "$2" "$3" "$4" >> "$WORK/log/php" 2>&1
done
await 5
