/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Data: English, German, French, Italian, Spanish, Portuguese, Dutch, Polish,
 * Russian, Swedish, Danish and Norwegian, Finnish, Czech, Japanese, Chinese, Korean.
 */
#include "classifier/text/date_words.h"

#include <stddef.h>

/* clang-format off */
const struct date_words date_words_return[] = {
	{ ORDER_UNKNOWN, " back return returning returns returned resume again " },
	{ ORDER_DAY_FIRST, " wieder zurück zurueck retour reviens reviendrai revenu reprends reprendrai rentrerai "
	  " rientro rientrerò rientrero ritorno ritornerò tornerò tornero nuovo regreso regresaré vuelvo volveré volvere vuelta reincorporo "
	  " regresso regressarei retorno retornarei retornando volto voltarei volta terug weer wracam wrócę wroce powrót powrotem ponownie "
	  " вернусь выйду выхожу возвращаюсь возвращение снова tillbaka åter tilbage tilbake igen igjen palaan takaisin jälleen zpět vrátím " },
	{ ORDER_UNKNOWN, NULL },
};

const struct date_words date_words_until[] = {
	{ ORDER_UNKNOWN, " until till til untill through thru " },
	{ ORDER_DAY_FIRST, " bis jusqu jusque fino sino hasta até ate tot t/m do do до по t.o.m. t.o.m " },
	{ ORDER_UNKNOWN, NULL },
};

const struct date_words date_words_range[] = {
	{ ORDER_UNKNOWN, " to - ~ " },
	{ ORDER_DAY_FIRST, " au al ao a aan " },
	{ ORDER_UNKNOWN, NULL },
};

const char *const date_parts_return[] = { "回来", "返回", "回到", "上班", "恢复", "回來", "恢復", "戻", "出社", "出勤", "復帰", "복귀", "돌아", NULL };
const char *const date_parts_until_before[] = { "至", "到", NULL };
const char *const date_parts_until_after[] = { "まで", "迄", "止", "까지", "asti", "saakka", NULL };

const char *const date_words_month[12] = {
	" january jan januar jänner janvier janv gennaio gen enero ene janeiro januari stycznia styczeń января январь янв tammikuuta ledna ",
	" february feb februar feber février fevrier févr fevr febbraio febrero fevereiro fev februari lutego luty февраля февраль фев helmikuuta února ",
	" march mar märz maerz mär mars marzo março marco maart mrt marca marzec марта март maaliskuuta března marts ",
	" april apr avril avr aprile abril abr kwietnia kwiecień апреля апрель апр huhtikuuta dubna ",
	" may mai maggio mag mayo maio mei maja maj мая май toukokuuta května ",
	" june jun juni juin giugno giu junio junho czerwca czerwiec июня июнь июн kesäkuuta června ",
	" july jul juli juillet juil luglio lug julio julho lipca lipiec июля июль июл heinäkuuta července ",
	" august aug août aout agosto ago augustus augusti sierpnia sierpień августа август авг elokuuta srpna ",
	" september sep sept septembre settembre set septiembre setembro września wrzesień сентября сентябрь сен syyskuuta září ",
	" october oct oktober okt octobre ottobre ott octubre outubro października październik октября октябрь окт lokakuuta října ",
	" november nov novembre noviembre novembro listopada listopad ноября ноябрь ноя marraskuuta listopadu ",
	" december dec dezember dez décembre decembre déc dicembre dic diciembre dezembro desember grudnia grudzień декабря декабрь дек joulukuuta prosince ",
};

const char date_words_month_first[] =
    " january jan february feb march mar april apr may june jun july jul august aug september sep sept october oct november nov december dec ";
const char date_words_ordinal[] = " st nd rd th er re e o a ° de го ";
const char date_words_of[] = " of de del di den the d ";
const char date_words_time[] = " uhr am pm a p h hrs hours o uur часов ";
/* clang-format on */
