/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Data. One line a language where there are several.
 */
#include "classifier/prose/notice_words.h"

#include <stddef.h>

/* clang-format off */
const char *const words_reply_subject[] = {
	"out of office", "out of the office", "out-of-office", "autoreply", "auto-reply", "auto reply", "automatic reply",
	"automated reply", "auto: ", "ooo:", "auto response", "auto-response", "autoresponse", "automatic response", "automated response", "autoresponder",
	"on vacation", "vacation reply", "vacation message", "on holiday", "away from my mail", "away from the office",
	"i am away", "annual leave", "maternity leave",
	"abwesenheit", "automatische antwort", "automatische rückantwort", "nicht im büro", "nicht im haus", "im urlaub",
	"absence du bureau", "réponse automatique", "reponse automatique", "absent du bureau", "je suis absent", "en congé",
	"risposta automatica", "fuori ufficio", "fuori sede", "assenza dall'ufficio",
	"respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de oficina", "autorespuesta",
	"resposta automática", "resposta automatica", "ausente do escritório", "fora do escritório", "ausência temporária",
	"automatisch antwoord", "afwezig", "niet aanwezig", "buiten kantoor",
	"autoodpowiedź", "automatyczna odpowiedź", "odpowiedź automatyczna", "poza biurem", "nieobecno",
	"autosvar", "automatiskt svar", "frånvaro", "ej på kontoret", "ikke på kontoret", "automatisk svar", "fravær",
	"poissa toimistosta", "automaattinen vastaus", "automatická odpoveď", "automatická odpověď", "mimo kancelář",
	"otomatik yanıt", "házon kívül", "automatikus válasz", "αυτόματη απάντηση", "răspuns automat", "resposta automàtica",
	"автоматична відповідь", "رد تلقائي", "תשובה אוטומטית",
	"自動返信", "自動応答", "不在通知", "不在のお知らせ", "不在連絡",
	"автоответ", "автоматический ответ", "нет на работе", "в отпуске", "вне офиса",
	"自动回复", "自动答复", "自動回覆", "外出", "休假", "자동 회신", "자동 응답", "부재중",
	"autoreply:", "abwesend", "abwesenheit", "urlaubsbedingt", "automatische e-mail-antwort", "bin nicht im büro", "rückmeldung: abwesen",
	"message d'absence", "absence :", "absent(e)", "réponse auto", "reponse auto", "actuellement absent", "hors du bureau",
	"risposta automatica", "in ferie", "messaggio automatico di assenza", "de vacaciones", "mensaje automático", 
	"mensagem automática", "em férias", "buiten het kantoor", "met vakantie", "niet op kantoor", "automatische reactie",
	"jestem na urlopie", "na urlopie", "ledig till", "på semester", "på ferie", "fraværsmelding", "fraværsbesked", "poissaolo", "lomalla",
	"nepřítomnost", "автоответчик", "отсутствую", "休暇のお知らせ", "休業のお知らせ", "不在メール", "自動配信メール", "自动应答", "不在办公室", "正在休假", NULL,
};

const char *const words_reply[] = {
	"out of office", "out of the office", "on vacation", "on holiday", "on annual leave", "on leave", "will not be back until",
	"will be back on", "will return on", "away from the office", "away until", "currently away", "i am away", "i'm away",
	"limited access to my e-mail", "limited access to email", "no longer with the company", "no longer works", "maternity leave",
	"i will reply when", "i will respond when", "nicht im büro", "im urlaub", "nicht im haus", "bin ich wieder",
	"abwesend", "derzeit nicht erreichbar", "absent du bureau", "je suis absent", "en congé", "de retour le",
	"fuori ufficio", "sono assente", "sarò assente", "in ferie", "fuera de la oficina", "de vacaciones", "estaré ausente",
	"fora do escritório", "de férias", "estarei ausente", "niet aanwezig", "afwezig", "met vakantie", "poza biurem",
	"na urlopie", "nieobecn", "på semester", "inte på kontoret", "frånvarande", "på ferie", "ikke på kontoret",
	"不在にしております", "不在にして", "休暇", "休業", "в отпуске", "отсутствую", "вне офиса", "不在办公室", "休假", "出差", "부재중",
	"out of my office", "am currently out", "am out until", "away on business", "on parental leave", "on sick leave", "am travelling", "be back in the office", "will be out of",
	"ich bin bis", "ich bin vom", "bin derzeit nicht", "bin momentan nicht", "bin zur zeit nicht", "in elternzeit", "auf dienstreise", "außer haus", "ausser haus", "wieder erreichbar", "wieder für sie da",
	"suis absente", "suis actuellement absent", "serai absent", "serai de retour", "en vacances", "en déplacement", "hors du bureau", "pas au bureau",
	"sono fuori", "sono in ferie", "non sono in ufficio", "al mio rientro", "rientrerò", "estoy fuera", "estoy de vacaciones", "estoy ausente", "me encuentro fuera", "me encontraré fuera",
	"estou ausente", "estou de férias", "estou fora", "encontro-me ausente", "ben ik afwezig", "ik ben afwezig", "ben ik weer", "ik ben tot", "niet op kantoor", "buiten kantoor",
	"jestem na urlopie", "przebywam na urlopie", "jestem poza biurem", "nie ma mnie w biurze", "będę nieobecn", "wracam do pracy", "jag är på", "jag är ledig", "är tillbaka", "är bortrest", "är föräldraledig",
	"jeg er på", "jeg har ferie", "er tilbage", "er tilbake", "olen lomalla", "olen poissa", "palaan", "jsem na dovolené", "jsem mimo kancelář", "nejsem v kanceláři",
	"休みをいただいて", "休みを頂いて", "出張のため", "外出して", "を不在", "我将休假", "正在休假", "我在休假", "不在公司", "нахожусь в отпуске", "буду отсутствовать", "отсутствую на рабочем", "휴가", NULL,
};

const char *const words_automatic[] = {
	"automatic reply", "automated reply", "automatic response", "automated response", "automatically generated", "auto-generated", "auto-reply", "autoreply", "autoresponder",
	"automatisch erstellt", "automatisch generiert", "automatisch erzeugt", "automatische antwort", "automatische nachricht",
	"réponse automatique", "message automatique", "généré automatiquement", "risposta automatica", "messaggio automatico", "generato automaticamente",
	"respuesta automática", "mensaje automático", "generado automáticamente", "resposta automática", "mensagem automática", "gerada automaticamente",
	"automatisch antwoord", "automatisch gegenereerd", "automatische reactie", "automatyczna odpowied", "wygenerowana automatycznie", "wiadomość automatyczna",
	"automatiskt svar", "automatiskt meddelande", "automatisk svar", "automaattinen vastaus", "automatická odpověď", "автоматический ответ", "автоответ",
	"автоматически", "自動返信", "自動応答", "自動送信", "自动回复", "自动发送", "自動回覆", "자동 회신", NULL,
};

const char *const words_challenge_subject[] = {
	"confirm your email to", "verify your email to", "sender verification", "please confirm your message", "[spamarrest",
	"boxbe", "challenge/response", "message awaiting your confirmation", "sender address verification",
	"please confirm (conf#", "action required: confirm", "requires verification", "verify your message", "spamblocker", "antispam uol", "antispamuol",
	"choicemail", "your email requires verification", "please verify your email to", "confirm your e-mail to", "confirm that you sent", "mail delivery authorization",
	"(verification required)", "waiting for your confirmation", "message en attente d'authentification", "authentification de votre", NULL,
};

/* BoxTrapper, TMDA, Earthlink, SpamArrest and their like */
const char *const words_challenge[] = {
	"verify that you are a real live human", "complete the verification process", "your message is being held because",
	"please confirm that you are a human", "to confirm that your message is not spam",
	"i am protecting myself from receiving junk mail", "requires that you verify",
	"request to be added to the allowed senders list", "is protected by a challenge",
	"click the link below to release your message", "before your message can be delivered",
	"is being held because the address", "to release your message for delivery", "active spam killer", "protected by earthlink", "earthlink spamblocker",
	"add you to a list of allowed senders", "add your email address to a list of allowed senders", "using boxbe", "boxbe guest list", "yourself to my guest list", "was waitlisted", "boxbe waiting list",
	"choicemail", "my approved sender", "approved senders list, please", "antispam uol", "antispamuol", "spamlion", "qconfirm", "using bluebottle", "bluebottle.com/verify", "mailinblack",
	"prove that you are human", "prove you are human", "prove that you're human", "verify that you are a human", "verify you are human", "real person and not a spam", "not an automated spam",
	"just this once, click the link", "confirm that you sent this message", "confirm that you are the sender", "reply to this message to confirm", "unconfirmed sender",
	"to have your message delivered", "to deliver your message, please", "you will only have to do this once", "you only need to do this once", "one-time verification",
	"bestätigen sie, dass sie kein", "pour que votre message soit", "votre message est en attente", "confirme que você não é", "confirmación de que usted no", NULL,
};

const char *const words_read_subject[] = {
	"read:", "not read:", "return receipt", "read receipt", "receipt:", "message read", "opened:",
	"gelesen:", "ungelesen:", "nicht gelesen:", "lesebestätigung", "empfangsbestätigung", "lu:", "lu :", "non lu:", "non lu :", "accusé de réception", "accusé de lecture", "confirmation de lecture",
	"letto:", "non letto:", "conferma di lettura", "ricevuta di ritorno", "leído:", "leido:", "no leído:", "confirmación de lectura", "acuse de recibo",
	"lida:", "lido:", "não lida:", "confirmação de leitura", "recibo de leitura", "gelezen:", "niet gelezen:", "leesbevestiging", "ontvangstbevestiging",
	"przeczytane:", "przeczytano:", "odczytano:", "nieprzeczytane:", "potwierdzenie przeczytania", "potwierdzenie odczytania", "läst:", "ej läst:", "läskvitto", "læst:", "lest:", "læsekvittering", "lesebekreftelse",
	"luettu:", "přečteno:", "прочтено:", "прочитано:", "не прочтено:", "не прочитано:", "уведомление о прочтении", "開封済み", "既読:", "未開封", "開封確認", "开封", "已读", "已讀", "未读", "读取回执", "읽음:", NULL,
};

const char *const words_read[] = {
	"was read on", "was read at", "has been read", "was displayed", "has been displayed", "was opened", "has been opened", "without being read", "this is a receipt for", "a return receipt for", "was received by:",
	"was read by", "was deleted", "wurde gelesen", "gelesen am", "gelesen gelöscht", "gelesen zu werden", "wurde geöffnet", "wurde angezeigt", "a été lu", "a été ouvert", "a été affiché", "sans être lu", "sans avoir été lu", "sans lecture",
	"è stato letto", "è stata letta", "è stato visualizzato", "senza essere lett", "senza leggere", "fue leíd", "se ha leído", "ha sido leíd", "se leyó", "sin leer", "sin ser leíd", "foi lid", "foi exibid", "sem ser lid", "sem leitura",
	"is gelezen", "werd gelezen", "zonder te zijn gelezen", "zonder gelezen", "została odczytana", "została przeczytana", "zostało odczytane", "bez przeczytania", "bez odczytania", "lästes", "har lästs", "utan att läsas", "utan att ha lästs",
	"blev læst", "ble lest", "uden at blive læst", "uten å ha blitt lest", "luettiin", "on luettu", "byla přečtena", "было прочитано", "было прочтено", "прочитано", "прочтено", "без прочтения", "開封されました", "開封され", "読まれました",
	"読まずに削除", "未読のまま削除", "已被阅读", "已阅读", "已于", "未读即被删除", "未经阅读", "已被閱讀", "읽었습니다", NULL,
};

const char *const words_success_subject[] = {
	"delivered:", "relayed:", "successful mail delivery", "delivery status notification (success", "delivery status notification (relay", "delivery status notification(success", "mail delivered", "message delivered", "delivery confirmation", "delivery receipt", "successful delivery",
	"successfully delivered", "zugestellt:", "weitergeleitet:", "zustellbestätigung", "erfolgreich zugestellt", "remis:", "remis :", "relayé:", "relayé :", "confirmation de remise", "accusé de remise", "recapitato:", "consegnato:", "inoltrato:", "conferma di recapito", "conferma di consegna",
	"entregado:", "entregado :", "retransmitido:", "confirmación de entrega", "entregue:", "confirmação de entrega", "bezorgd:", "afgeleverd:", "bezorgingsbevestiging", "dostarczono:", "dostarczone:", "potwierdzenie dostarczenia", "levererat:", "leveret:", "levert:",
	"toimitettu:", "doručeno:", "доставлено:", "ретранслировано:", "配信済み", "送達済み", "配信完了", "已送达", "已传递", "전달됨:", NULL,
};

const char *const words_success[] = {
	"was delivered to", "were delivered to", "has been delivered", "have been delivered", "successfully delivered", "delivered successfully", "was successfully", "has been successfully", "successfully relayed", "has been successful", "no delivery notification was sent", "no further notification",
	"wurde zugestellt", "wurde an die folgenden", "wurde erfolgreich", "erfolgreich zugestellt", "a été remis", "a bien été remis", "été remis avec succès", "è stato recapitato", "è stato consegnato", "è stata consegnata", "se entregó", "se ha entregado", "fue entregado", "ha sido entregado",
	"foi entregue", "is bezorgd", "is afgeleverd", "werd afgeleverd", "została dostarczona", "zostało dostarczone", "har levererats", "levererades", "blev leveret", "ble levert", "er blevet leveret", "on toimitettu", "byla doručena", "было доставлено", "успешно доставлено", "доставлено следующим",
	"配信されました", "送達されました", "已送达", "已成功", "已传递到", "전달되었습니다", NULL,
};

const char *const words_abuse[] = {
	"this is an email abuse report", "this is an abuse report", "this is a spam report", "reported this message as spam", "marked this message as spam", "reported as junk", NULL,
};
/* clang-format on */
