# make demo      compile the bundled ResNet-8 to C and to Go, prove, test and judge both
# make test      everything that is checked; installs qemu-user and cross compilers when it may
# make fuzz      search for hours: fuzz targets, thousands of random networks
# make update    rewrite the expected outputs of tests
# make generate  run generators again
# make bench-arm instructions of bundled networks under QEMU against testdata/bench; ARGS=-update rewrites it
# make bench-peers  XNNPACK on single layers and on those of whole networks, counted in the same way; loads Debian's arm64 packages
# make hosts     snug built for arm64, under QEMU, emits the bytes of this host: all bundled networks
# make misra     cppcheck's MISRA addon on emitted C, every target: each finding has its deviation
# make accuracy  drops at 8 to 16 bits: docs/accuracy.csv, .md, .svg; with MODELS=DIR DATA=DIR measures, for hours
# make paper     the same for the search of arXiv 2004.11783 beside ours: docs/paper.csv, .md, .svg
# make ablation  what each step of the bit-width pass is worth: docs/ablation.csv, .md
# make eva       Frama-C/Eva on the portable C of the bundled keyword network, layer by layer; docs/eva.md
# make check     formatting, vet and generated files
GO ?= go

.PHONY: demo test fuzz update generate check bench-arm bench-peers eva accuracy paper ablation hosts misra

demo:
	@GO="$(GO)" sh ./scripts/demo.sh

test: check
	sh ./scripts/tools.sh
	$(GO) test -timeout 30m ./...

fuzz:
	sh ./scripts/fuzz.sh

update:
	$(GO) test ./cmd/snug -run TestScripts -update

bench-arm:
	@GO="$(GO)" sh ./scripts/bench-arm.sh $(ARGS)

bench-peers:
	@sh ./scripts/bench-peers.sh $(ARGS)

ablation:
	@GO="$(GO)" sh ./scripts/ablation.sh $(MODELS) $(DATA)

accuracy paper:
	@GO="$(GO)" sh ./scripts/sweep.sh $@ $(MODELS) $(DATA) $(NETWORKS)

eva:
	@GO="$(GO)" ./scripts/eva.sh $(ARGS)

hosts:
	$(GO) test ./cmd/snug -run '^TestHosts$$' -v -hosts -timeout 60m

misra:
	$(GO) test ./cmd/snug -run '^TestMisra$$' -v -misra all -timeout 180m

generate:
	$(GO) generate ./...

check:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt"; exit 1; }
	$(GO) vet ./...
