/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Data. One line a language where there are several.
 */
#include "classifier/prose/prose_words.h"

#include <string.h>

#include <glib.h>

/* clang-format off */
const char *const words_daemon[] = {
	"mailer-daemon", "mailer_daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mailer daemon", "mdaemon", "mail daemon",
	"mail-delivery", "mail delivery sub", "mail delivery sys", "delivery subsystem",
	"bounce-handler", "message transfer agent", "mmdf@", "mta@", "system attendant", NULL,
};

const char *const words_postmaster[] = {
	"postmaster", "post_master", "postoffice@", NULL,
};

const char *const words_daemon_weak[] = {
	"mail delivery", "mail system", "mailsystem", "mail-system", "mail administrator", "mailadmin", "email administrator",
	"mail server", "mailserver", "mailsv", "smtp server", "smtp@", "system administrator", "mail router", "mail gateway",
	"smtp gateway", "for_smtp", "mail service", "mail_service", "mailmarshal", "scanmail", "interscan", "amavis", "network mailer", "daemon@",
	"mailbot@", "mailer@", "systemadministrator", "administrateur syst", "administrador del sistema", "amministratore di sistema",
	"post office", "mail transport", "internet mail", NULL,
};

const char *const words_report_subject[] = {
	"undeliver", "failure notice", "delivery fail", "delivery status notification", "returned mail", "mail delivery",
	"delivery problem", "delivery error", "delivery notification", "delivery report", "non-delivery", "nondeliver",
	"non delivery", "message delivery", "returned to sender", "mail system error", "message undeliverable",
	"mail error", "ndn:", "dsn:", "message status", "mail failure", "mail could not", "message could not",
	"could not send", "warning: could not send", "warning: message", "warning - delayed", "delayed mail",
	"error sending", "rejected mail", "email error", "notice: mail", "unable to deliver", "failed mail",
	"failed delivery", "failure delivery", "mail not delivered", "bounce", "(user unknown)", "user unknown",
	"unzustellbar", "nicht zugestellt", "non remis", "notification d'", "echec", "échec",
	"no se puede entregar", "no entregado", "error de entrega", "mancata consegna", "notifica di",
	"não entregue", "falha na entrega", "niet bezorgd", "onbestelbaar", "niedostarcz", "niedoręcz", "zwrot",
	"message you sent", "**message you sent", "message blocked", "your message was", "your message to", "your mail could",
	"your email could", "email could not", "mail returned", "returned email", "returned e-mail", "problem delivering",
	"delivery delay", "delayed delivery", "considered unsolicited", "banned contents", "virus in mail", "spam mail",
	"не доставлено", "недоставленн", "退信", "系统退信", "배달", "det gick inte att leverera", "kan ikke lever", "ikke levert",
	"toimittaminen ei", "viestiä ei voitu", "virus in mail", "virus alert", "doručení se nezdařilo", "nedoruč", "nem kézbesít",
	"nije isporučen", "ni mogoče dostaviti", "недоставен", "không thể gửi", "tidak terkirim", "لم يتم", "αδυναμία παράδοσης", NULL,
};

const char *const words_report_phrase[] = {
	"undelivered mail", "undeliverable mail", "undeliverable message", "mail delivery failed", "mail delivery failure",
	"delivery status notification", "failure notice", "returned mail", "returned to sender", "returning to sender",
	"returning message to sender", "return to sender", "delivery failure", "delivery has failed", "delivery failed", "not delivered",
	"non-delivery", "could not be delivered", "can not be delivered", "cannot be delivered", "user unknown", "unknown user",
	"unknown recipient", "recipient unknown", "invalid recipient", "mail bounced", "message bounced", "message rejected",
	"mail rejected", "rejected mail", "cannot deliver", "unable to deliver", "error delivering", "problem with your mail", "mail failed",
	"message failed", "email returned", "transport failure", "delivery error", "zustellfehler", "fehler bei der zustellung",
	"mail failure", "error sending your", "message could not be", "mail could not be", "unzustellbar", "nicht zugestellt", "nicht zustellbar", "non remis",
	"non distribu", "no entregado", "mancata consegna", "non recapitabile", "não entregue", "niet bezorgd", "niedostarcz", "не доставлено", "не может быть доставлено",
	"недоставлен", "配信でき", "配信不能", "送信でき", "エラーメール", "退信", "退回", "반송", "발송 실패", NULL,
};

const char *const words_answer_subject[] = {
	"re:", "re :", "re[", "aw:", "antw:", "sv:", "vs:", "ref:", "fw:", "fwd:", "wg:", "tr:", "rv:", "res:", "enc:", "odp:", "ynt:",
	"r:", "i:", "回复", "答复", "答覆", "回覆", "转发", "轉寄", NULL,
};

const char *const words_strict_subject[] = {
	"undeliver", "failure notice", "delivery fail", "delivery status notification (fail", "returned mail",
	"mail delivery fail", "mail delivery problem", "message delivery fail", "email delivery fail", "non-delivery",
	"nondeliverable", "returned to sender", "mail system error", "unzustellbar", "系统退信", NULL,
};

const char *const words_summary_subject[] = {
	"statisti", "overview", "monitoring", "bounce rate", "übersicht", "summary", "summaries", "digest", "logwatch", "log report", "daily report", "weekly report", "monthly report",
	"tagesbericht", "wochenbericht", "zusammenfassung", "récapitulatif", "estadístic", "resumen", "riepilogo", "estatístic", "resumo",
	"overzicht", "podsumowanie", "статистик", "сводка", "統計", "统计", NULL,
};

const char *const words_goods[] = {
	"parcel", "package", "shipment", "courier", "tracking number", "your sms", "sms to", "your fax", "fax to", "ihr paket", "das paket",
	"ihre sendung", "ihr fax", "ihre sms", "colis", "paquete", "encomenda", "pacote", "il pacco", "spedizione", "pakket", "paczk", "försändelse",
	"посылк", "kargo", "荷物", "宅配", "包裹", "快递", "快遞", "택배", NULL,
};

const char *const words_failure[] = {
	"undeliver", "failure notice", "delivery fail", "delivery status notification", "returned mail",
	"delivery problem", "delivery error", "delivery has failed", "delivery unsuccessful", "delivery incomplete",
	"non-delivery", "nondeliver", "non delivery", "not deliver", "returned to sender", "return to sender",
	"returned message", "returning message", "rejected mail", "mail system error",
	"could not be delivered", "could not be sent", "couldn't be delivered", "cannot be delivered", "can't be delivered",
	"unable to deliver", "was not delivered", "not been delivered", "wasn't delivered", "wasn't able to deliver",
	"could not deliver", "couldn't deliver", "problem delivering", "did not reach", "failed to deliver",
	"failed delivery", "failure delivery", "mail failed", "mail failure", "message fail", "permanent error",
	"user unknown", "unknown user", "no such user", "rejected your message", "email bounce", "mail bounce",
	"unzustellbar", "nicht zugestellt", "nicht zustellen", "zustellung fehlgeschlagen", "nicht übermittelt",
	"fehler bei der nachrichtenzustellung", "konnte nicht ausgeliefert", "nicht zuzustellen",
	"non remis", "n'ai pas pu", "n'avons pas pu", "n'a pas pu être", "n'a pu être", "echec de", "échec de", "échec de la remise", "non distribu", "impossible de remettre",
	"no se pudo entregar", "no pudo ser entregad", "no se ha podido entregar", "no entregado", "no se puede entregar",
	"error en la entrega", "mensaje devuelto",
	"mancata consegna", "non recapitabile", "non consegnat", "non è stato possibile consegnare", "impossibile consegnare",
	"non è stato consegnat", "non è stato possibile recapitare", "impossibile recapitare",
	"não foi possível entregar", "nao foi possivel entregar", "não pôde ser entregue", "falha na entrega", "não entregue",
	"não é possível entregar", "bezorging aan", "nebyla doručena", "nemohla být doručena", "发送失败",
	"niet worden afgeleverd", "niet worden bezorgd", "onbestelbaar", "niet afgeleverd", "niet bezorgd",
	"nie można dostarczyć", "niedostarcz", "niedoręcz", "nie została dostarczona", "nie dostarcz", "zwrot wiadomości",
	"kunde inte levereras", "kunne ikke leveres", "ikke leveres", "ej levererad", "inte levereras", "ei voitu toimittaa",
	"gick inte att leverera", "kunde inte skicka", "kunne ikke leve", "levering til disse", "leveringen mislyk", "leveringen feilet", "kan ikke lever",
	"epäonnistui", "toimittaminen ei onnistu", "voida toimittaa", "nezdařilo", "nepodarilo", "nem sikerült", "nije moguće isporučiti", "ni mogoče dostaviti",
	"недоставен", "не вдалося доставити", "не був доставлен", "không thể gửi", "không gửi được", "tidak dapat dikirim", "gagal terkirim",
	"αποτυχία παράδοσης", "αδυναμία παράδοσης", "teslim edileme", "iletilemedi", "לא ניתן היה למסור", "تعذر تسليم", "لم يتم تسليم",
	"не доставлено", "не может быть доставлено", "недоставлен", "невозможно доставить", "не удалось доставить",
	"не было доставлено", "nedoručiteľn", "nedoručiteln", "nelze doručit", "teslim edilemedi", "iletilemedi",
	"nem kézbesíthető", "kézbesítése sikertelen", "nu a putut fi livrat", "δεν ήταν δυνατή η παράδοση",
	"配信でき", "配信不能", "配送でき", "送信でき", "届けでき", "送信に失敗", "配信に失敗", "エラーメール", "戻って",
	"退信", "无法投递", "无法送达", "投递失败", "退回", "無法投遞", "無法傳送", "被退回", "발송 실패", "반송", "전송하지 못", "배달하지 못", "배달되지", "전달되지",
	"전달하지 못", "보내지 못", "未能向以下", "传递邮件失败", "trouble delivering", "error sending your", "errors sending your", "delivery of the email was stopped",
	"could not reach", "couldn't reach", "not accepted for delivery", "message has been blocked", "e-mail has been blocked", NULL,
};

const char *const words_refusal[] = {
	"does not exist", "has been rejected", "was rejected", "bounced", "invalid recipient", "no longer available",
	"not found", "unrouteable", "unroutable", "delivery attempt", "delivery notification", "delivery report",
	"disabled", "over quota", "mailbox full", "mailbox is full", "fehler bei", "konnte nicht", "zustellung",
	"n'a pas pu", "impossible de", "no se pudo", "no pudo ser", "impossibile", "não foi possível", "não pôde",
	"kon niet", "nie można", "nie została", "kunde inte", "kunne ikke", "не удалось", "エラー", "存在しません",
	"お届け", "無法", NULL,
};

const char *const words_delay[] = {
	"delayed", "delivery delay", "still trying", "not yet been delivered", "will be retried", "will keep trying",
	"warning: could not send", "warning: message", "transient non-fatal", "will continue to be attempted",
	"hasn't been delivered yet", "has not been delivered yet", "this is a warning message only", "this is a warning only", "keep trying to deliver",
	"will be retried until", "will be attempted", "still being retried", "doručení bylo odloženo", "försenad", "forsinket", "vertraagd", "in ritardo", "atrasad",
	"temporarily deferred", "delivery has been delayed", "do not need to resend", "will retry", "will continue trying",
	"verzögert", "retardé", "retrasad", "opóźnion", "задерж", "遅延", NULL,
};

const char *const words_only_warning[] = {
	"this is a warning message only", "this is just a warning", "this is only a warning", "this is an advisory-only", "delivery attempts will continue",
	"will continue to try to deliver", "will continue trying to deliver", "will keep trying to deliver", "do not need to resend", "has been postponed",
	"no action is required on your part", NULL,
};

const char *const words_final[] = {
	"giving up", "given up", "gave up", "failed permanently", "permanent error", "permanent fatal", "permanently rejected", NULL,
};

const char *const words_given_up[] = {
	"giving up", "given up", "gave up", "failed permanently", "permanent", "returned", "fatal error",
	"undeliver", "could not be delivered", "failed", "failure", NULL,
};

const char *const words_list_refused[] = {
	"was unable to be delivered to the list", "was not accepted by the moderator", "has been rejected by the list moderator",
	"you are not allowed to post to this mailing list", "your message has been automatically rejected",
	"you are not authorized to send mail to the", "rejected. you are not allowed to", "rejected for the following reason", "not from a list member",
	"only members of", "only subscribers", "non-members are not allowed to post", "not a list subscriber", "you are not a member of",
	"i'm sorry, the list moderator", "sorry, only subscribers may post", "message was rejected by the list", "duplicated message-id in",
	"you are not a member of this ml", "your mail was not accepted by the list", NULL,
};

const char *const words_list_held[] = {
	"is being held until the list moderator", "awaits moderator approval", "forwarded to the moderator", "waiting for moderation",
	"held for moderation", "awaiting approval by the", "will be posted after it has been approved", NULL,
};

/* clang-format on */

bool words_any(const char *lower, const char *const *words)
{
	for (; *words; words++)
		if (strstr(lower, *words))
			return true;
	return false;
}

bool words_begin(const char *lower, const char *const *words)
{
	for (; *words; words++)
		if (g_str_has_prefix(lower, *words))
			return true;
	return false;
}
