import { places } from "./tree.ts";

const uuids = "*-*-*-*-*";

/** What reads the tables. Names of files and of what rkt lists are never expanded: a word of other than plain characters is not offered. */
export const bashEngine = `
# Prints what a kind of word may be: _rkt_list KIND BEGINNING POD
_rkt_list() {
    local path name data=\${dir:-${places.data}}
    set +f
    shopt -s nullglob globstar
    case $1 in
    declarations)
        for path in ${places.declarations.map((directory) => `${directory}/*.pod`).join(" ")}; do
            path=\${path##*/}
            printf '%s\\n' "\${path%.pod}"
        done
        ;;
    pods | named)
        for path in "$data"/${places.named}/*/name; do
            read -r name <"$path" && printf '%s\\n' "$name"
        done
        [[ $1 == named ]] || printf '%s\\n' ${[places.named, places.prepared, ...places.phases].map((directory) => `"$data"/${directory}/${uuids}`).join(" ")}
        ;;
    prepared) printf '%s\\n' "$data"/${places.prepared}/${uuids} ;;
    keys) printf '%s\\n' ${places.keys.map((directory) => `${directory}/*.d/**/*`).join(" ")} ;;
    images) command rkt \${dir:+"--dir=$dir"} complete images "$2" ;;
    apps) command rkt \${dir:+"--dir=$dir"} complete apps \${3:+"$3"} ;;
    esac </dev/null 2>/dev/null
}

# Adds what begins so to COMPREPLY: _rkt_offer SPECIFICATION BEGINNING HEAD POD
_rkt_offer() {
    local word kind
    if [[ $1 != @* ]]; then
        for word in \${1//|/ }; do
            [[ $word != "$2"* ]] || COMPREPLY+=("$3$word")
        done
        return
    fi
    for kind in \${1//@/ }; do
        case $kind in
        files) compopt -o default ;;
        directories) compopt -o dirnames ;;
        *)
            while IFS= read -r word; do
                [[ $kind != @(pods|prepared|keys) ]] || word=\${word##*/}
                [[ $kind != keys || $word =~ ^[0-9a-f]{40,64}$ ]] || continue
                [[ $word != [A-Za-z0-9]* || $word == *[!A-Za-z0-9._:/+-]* || $word != "$2"* ]] || COMPREPLY+=("$3$word")
            done < <(_rkt_list "$kind" "$2" "$4")
            ;;
        esac
    done
}

_rkt() {
    local LC_ALL=C IFS=$' \\t\\n' line=\${COMP_LINE:0:COMP_POINT} current= name= asked= option= pod= ended= dir=
    local subcommands options operands stops value index word head= breaks kinds count=0
    local -a words rest
    read -r -a words <<<"$line"
    read -r -a rest <<<"\${COMP_LINE:COMP_POINT}"
    if [[ $line == *[![:space:]] ]]; then
        current=\${words[\${#words[@]} - 1]}
        unset "words[\${#words[@]} - 1]"
    fi
    COMPREPLY=()
    for ((index = 0; index < \${#words[@]}; index++)); do
        [[ \${words[index]} != "\${COMP_WORDS[0]}" ]] || break
    done
    _rkt_about ''
    for ((index++; index < \${#words[@]}; index++)); do
        word=\${words[index]}
        if [[ $word == --- ]]; then
            ended=
        elif [[ $word == -- ]]; then
            ended=1
        elif [[ -z $ended && $word == -* ]]; then
            _rkt_value "$name $word"
            [[ $word != --dir=* ]] || dir=\${word#*=}
            [[ -n $value && $value != '='* ]] || continue
            option=$value
            ((++index < \${#words[@]})) && option=
            [[ $word != --dir ]] || dir=\${words[index]}
        elif [[ $name == help ]]; then
            asked=\${asked:+$asked }$word
        elif ((count == 0)) && _rkt_about "\${name:+$name }$word"; then
            name=\${name:+$name }$word
        else
            _rkt_about "$name"
            [[ -z $stops ]] || ended=1
            ((count++)) || pod=$word
        fi
    done
    _rkt_about "$name"
    for word in "\${rest[@]}"; do
        [[ -n $pod || $word == -* ]] || pod=$word
    done
    if [[ -n $option ]]; then
        _rkt_offer "$option" "$current" '' "$pod"
    elif [[ -z $ended && $current == --*=* ]]; then
        _rkt_value "$name \${current%%=*}"
        _rkt_offer "\${value#=}" "\${current#*=}" "\${current%%=*}=" "$pod"
    elif [[ -z $ended && $current == -* ]]; then
        _rkt_offer "\${options// /|}" "$current" '' ''
        [[ \${#COMPREPLY[@]} -ne 1 || \${COMPREPLY[0]} != *= ]] || compopt -o nospace
    elif [[ $name == help ]]; then
        ! _rkt_about "$asked" || _rkt_offer "\${subcommands// /|}" "$current" '' ''
    else
        ((count > 0)) || _rkt_offer "\${subcommands// /|}" "$current" '' ''
        read -r -a kinds <<<"$operands"
        if ((count < \${#kinds[@]})); then
            _rkt_offer "\${kinds[count]%\\*}" "$current" '' "$pod"
        elif [[ $operands == *\\* ]]; then
            word=\${kinds[\${#kinds[@]} - 1]}
            _rkt_offer "\${word%\\*}" "$current" '' "$pod"
        fi
    fi
    # Readline replaces only what stands behind the last of its word breaks.
    breaks=\${COMP_WORDBREAKS//[!:=]/}
    [[ -z $breaks || $current != *[$breaks]* ]] || head=\${current%"\${current##*[$breaks]}"}
    COMPREPLY=("\${COMPREPLY[@]#"$head"}")
}
complete -F _rkt rkt
`;
