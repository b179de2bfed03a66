module fairlead.dev/fairlead/hack/cluster/tools

go 1.26.0
