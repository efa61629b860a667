# SPDX-License-Identifier: BSD-2-Clause
#
# Tab completion for bouncectl in bash: the program itself says what may come next.
_bouncectl()
{
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}

	case $previous in
	--config | -c | --rules | --site | --sendmail)
		COMPREPLY=($(compgen -f -- "$word"))
		return
		;;
	esac
	COMPREPLY=($(bouncectl complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
	case ${COMP_WORDS[1]} in
	classify | intake) [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$word")) ;;
	esac
}
complete -F _bouncectl bouncectl
