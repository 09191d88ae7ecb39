import { places } from "./tree.ts";

/** What reads the tables. Names of files and of what rkt lists are words as they are: nothing in them is expanded. */
export const fishEngine = `
# Prints what a word may be: __rkt_offer DIR SPECIFICATION BEGINNING POD
function __rkt_offer
    set -l dir $argv[1]
    set -e argv[1]
    if not string match -q '@*' -- $argv[1]
        string split '|' -- $argv[1]
        return
    end
    for kind in (string split -n '@' -- $argv[1])
        switch $kind
            case files
                __fish_complete_path $argv[2]
            case directories
                __fish_complete_directories $argv[2]
            case '*'
                __rkt_list "$dir" $kind $argv[2..-1] 2>/dev/null </dev/null | string match -r '^[A-Za-z0-9][A-Za-z0-9._:/+-]*$'
        end
    end
end

function __rkt_list
    set -l data ${places.data}
    set -l given
    if test -n "$argv[1]"
        set data $argv[1]
        set given "--dir=$argv[1]"
    end
    set -e argv[1]
    switch $argv[1]
        case declarations
            for path in ${places.declarations.map((directory) => `${directory}/*.pod`).join(" ")}
                string replace -r '.*/(.*)\\.pod$' '$1' -- $path
            end
        case pods named
            for path in $data/${places.named}/*/name
                cat $path
            end
            if test $argv[1] = pods
                for path in ${[places.named, places.prepared, ...places.phases].map((directory) => `$data/${directory}/*-*-*-*-*`).join(" ")}
                    string replace -r '.*/' '' -- $path
                end
            end
        case prepared
            for path in $data/${places.prepared}/*-*-*-*-*
                string replace -r '.*/' '' -- $path
            end
        case keys
            for path in ${places.keys.map((directory) => `${directory}/**`).join(" ")}
                string match -rg '/([0-9a-f]{40,64})$' -- $path
            end
        case images
            command rkt $given complete images $argv[2]
        case apps
            command rkt $given complete apps $argv[3]
    end
end

function __rkt_complete
    set -l words (commandline -opc)[2..-1]
    set -l current (commandline -ct)
    set -l name ''
    set -l asked ''
    set -l option ''
    set -l pod
    set -l ended
    set -l count 0
    set -l skip
    set -l dir ''
    for word in $words
        if set -q skip[1]
            test "$skip" = --dir; and set dir $word
            set -e skip
            set option ''
            continue
        end
        switch "$word"
            case ---
                set -e ended
                continue
            case --
                set ended 1
                continue
        end
        if not set -q ended[1]; and string match -q -- '-*' $word
            set option (__rkt_value "$name $word")
            string match -q -- '--dir=*' $word; and set dir (string replace -- --dir= '' $word)
            if test -n "$option"; and not string match -q -- '=*' $option
                set skip $word
            else
                set option ''
            end
            continue
        end
        set -l longer (string trim -- "$name $word")
        if test "$name" = help
            set asked (string trim -- "$asked $word")
        else if test $count = 0; and contains -- "$longer" $__rkt_names
            set name $longer
        else
            contains -- "$name" $__rkt_stops; and set ended 1
            test $count = 0; and set pod $word
            set count (math $count + 1)
        end
    end
    if not set -q pod[1]
        # Behind the word that is completed.
        set -l first (math (count $words) + 3)
        set -l all (commandline -op)
        for word in $all[$first..-1]
            string match -q -- '-*' $word; and continue
            set pod $word
            break
        end
    end
    if test -n "$option"
        __rkt_offer "$dir" $option "$current" $pod
    else if not set -q ended[1]; and string match -q -- '--*=*' $current
        set -l parts (string split -m 1 = -- $current)
        set -l value (string replace -r '^=' '' -- (__rkt_value "$name $parts[1]"))
        test -n "$value"; and __rkt_offer "$dir" $value "$parts[2]" $pod | string replace -r -- '^' "$parts[1]="
    else if not set -q ended[1]; and string match -q -- '-*' $current
        __rkt_options $name
    else if test "$name" = help
        __rkt_subcommands $asked
    else
        test $count = 0; and __rkt_subcommands $name
        set -l kinds (__rkt_operands $name)
        set -l kind $kinds[(math $count + 1)]
        if test -z "$kind"; and string match -q -- '*\\*' $kinds[-1]
            set kind $kinds[-1]
        end
        test -n "$kind"; and __rkt_offer "$dir" (string trim -r -c '*' -- $kind) "$current" $pod
    end
    return 0
end

complete -c rkt -e
complete -c rkt -f -k -a '(__rkt_complete)'
`;
